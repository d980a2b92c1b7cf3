// Random shell text: pieces of syntax in any order, and whole commands with faults.
import type { RandomStream } from '../../simulator/base/random.ts';

const PIECES =
  "echo a|cat|ls /tmp|x=1|y=$x|${x}|${x:-d}|${#x}|${x%a*}|${x//a/b}|${x:1:2}|${!x}|$((1+2))|$((x++))|$((1/0))|$(echo a)|`echo b`|\"a $x\"|'b'|$'\\x41'|a{b,c}|{1..3}|~|*|/tmp/*|[a-z]|?|if|then|else|elif|fi|for i in a b; do|for|do|done|while|until|case x in|esac|a)|;;|function f {|f() {|}|{|(|)|((|))|[[|]]|[|]|!|&&|\\|\\||\\||&|;|\n|<|>|>>|2>&1|<<E\n|E\n|<<<|<(ls)|>|/tmp/out|/dev/null|break|continue|return 3|exit 4|set -e|set -x|shift|local z=1|export A=b|unset x|read v|test -f /tmp/text|eval echo x|trap 'echo t' EXIT|true|false|sleep 1|kill %1|wait|jobs|fg|bg|cd /tmp|pwd|printf %s a|type ls|alias q=ls|q|source /tmp/script|. /tmp/script|exec echo x|umask|ulimit|getopts ab o|let x=1|declare -a r|r=(1 2)|${r[@]}|${r[1]}|$@|$#|$?|$$|$!|$0|$1|#c|\\|\"|'|`|$(|${|select|coproc|time|-|--|=|+=|,|seq 3|head -1|grep a|sort|wc -l|docker ps|ip addr"
    .split(/(?<!\\)\|/)
    .map((piece) => piece.replaceAll('\\|', '|'));

/** A script of up to fourteen pieces. */
export function shellText(random: RandomStream): string {
  let text = '';
  for (let count = random.between(1, 14); count > 0; count--) {
    if (random.below(12) === 0)
      text += Array.from({ length: random.below(8) }, () =>
        String.fromCharCode(random.below(6) === 0 ? random.between(1, 0x2fff) : random.between(32, 126)),
      ).join('');
    else text += PIECES[random.below(PIECES.length)] as string;
    text += random.below(4) === 0 ? '' : random.below(3) === 0 ? '; ' : ' ';
  }
  return text;
}
