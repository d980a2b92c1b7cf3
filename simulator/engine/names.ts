/** Names for containers that were given none: an adjective and a surname (moby pkg/namesgenerator, a selection). */
import type { RandomStream } from '../base/random.ts';

const LEFT = ['admiring', 'agitated', 'bold', 'busy', 'clever', 'cool', 'dazzling', 'eager', 'elastic', 'epic', 'fervent', 'focused', 'gallant', 'gracious', 'happy', 'hopeful', 'inspiring', 'jolly', 'keen', 'lucid', 'magical', 'modest', 'nifty', 'nostalgic', 'optimistic', 'peaceful', 'practical', 'quirky', 'relaxed', 'serene', 'sharp', 'stoic', 'sweet', 'tender', 'trusting', 'upbeat', 'vibrant', 'vigilant', 'wizardly', 'zealous', 'zen'];
const RIGHT = ['agnesi', 'albattani', 'almeida', 'babbage', 'bardeen', 'bell', 'bohr', 'boyd', 'cerf', 'clarke', 'cori', 'curie', 'darwin', 'dijkstra', 'edison', 'euler', 'fermat', 'feynman', 'franklin', 'galileo', 'gauss', 'hamilton', 'hopper', 'hypatia', 'jackson', 'kepler', 'knuth', 'lamport', 'liskov', 'lovelace', 'mccarthy', 'meitner', 'mendel', 'napier', 'newton', 'noether', 'pascal', 'perlman', 'ritchie', 'shannon', 'swanson', 'tesla', 'thompson', 'torvalds', 'turing', 'wozniak', 'yalow'];

/** A name that `taken` does not know. */
export function randomName(random: RandomStream, taken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${LEFT[random.below(LEFT.length)]}_${RIGHT[random.below(RIGHT.length)]}${attempt > 5 ? random.below(10) : ''}`;
    // As the original does: Steve Wozniak is not boring.
    if (!name.startsWith('boring_wozniak') && !taken(name)) return name;
  }
}
