// Templates of docker's --format: what Go's text/template and docker's own functions print.
import { describe, expect, test } from 'vitest';
import { Template } from '../../simulator/tools/docker/template/execute.ts';
import { goValue, NODE, SERVICE } from '../../simulator/tools/docker/goTypes.ts';
import { GoFloat, GoTime, type Value } from '../../simulator/tools/docker/template/value.ts';

const DATA: Value = {
  Id: 'e22788505aabf6ec0264fa61c33dbf27ca546130e92256e5db5548fc7070e0fd',
  Name: '/whoami.1.6guluhbub67x2t24r00d9unsl',
  State: { Status: 'running', Running: true, Pid: 2176, ExitCode: 0 },
  Args: [],
  Cmd: ['/app/http', '-p', '80'],
  Labels: { zone: 'east', 'com.docker.swarm.task': '' },
  Networks: { ingress: { IPAddress: '10.0.0.6', Gateway: '' }, lab: { IPAddress: '10.0.9.3', Gateway: '10.0.9.1' } },
  Ports: { '80/tcp': null, '443/tcp': [{ HostIp: '0.0.0.0', HostPort: '8443' }] },
  Rows: [{ n: 1 }, { n: 2 }, { n: 3 }],
  Ratio: new GoFloat(0.5),
  Made: new GoTime('2026-11-20T11:25:42.174764678Z'),
};

const PRINTED: readonly (readonly [template: string, text: string])[] = [
  ['plain', 'plain'],
  ['', ''],
  ['{{.Name}}', '/whoami.1.6guluhbub67x2t24r00d9unsl'],
  ['{{.State.Pid}}', '2176'],
  ['{{.State.Running}}', 'true'],
  ['{{ .State.Status }}', 'running'],
  ['a {{- " b " -}} c', 'a b c'],
  ['{{/* nothing */}}x', 'x'],
  ['a\n{{- /* trimmed */ -}}\nb', 'ab'],
  ['{{json .Labels}}', '{"zone":"east","com.docker.swarm.task":""}'],
  ['{{json .Ports}}', '{"80/tcp":null,"443/tcp":[{"HostIp":"0.0.0.0","HostPort":"8443"}]}'],
  ['{{json .Name}}', '"/whoami.1.6guluhbub67x2t24r00d9unsl"'],
  ['{{.Labels}}', 'map[com.docker.swarm.task: zone:east]'],
  ['{{.Cmd}}', '[/app/http -p 80]'],
  ['{{.Nosuch}}', '<no value>'],
  ['{{.Ratio}}', '0.5'],
  ['{{.Made}}', '2026-11-20 11:25:42.174764678 +0000 UTC'],
  ['{{index .Cmd 0}}', '/app/http'],
  ['{{index .Labels "zone"}}', 'east'],
  ['{{(index .Networks "lab").IPAddress}}', '10.0.9.3'],
  ['{{(index (index .Ports "443/tcp") 0).HostPort}}', '8443'],
  ['{{range .Cmd}}<{{.}}>{{end}}', '</app/http><-p><80>'],
  ['{{range $i, $v := .Cmd}}{{$i}}={{$v}};{{end}}', '0=/app/http;1=-p;2=80;'],
  ['{{range $k, $v := .Networks}}{{$k}}:{{$v.IPAddress}} {{end}}', 'ingress:10.0.0.6 lab:10.0.9.3 '],
  ['{{range .Args}}x{{else}}none{{end}}', 'none'],
  ['{{range .Rows}}{{if eq .n 2}}{{continue}}{{end}}{{.n}}{{end}}', '13'],
  ['{{range .Rows}}{{if eq .n 2}}{{break}}{{end}}{{.n}}{{end}}', '1'],
  ['{{range .Rows}}{{.n}}{{$.State.ExitCode}} {{end}}', '10 20 30 '],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if .Args}}a{{else if .Cmd}}b{{else}}c{{end}}', 'b'],
  ['{{if not .Args}}empty{{end}}', 'empty'],
  ['{{with .State}}{{.Pid}}{{end}}', '2176'],
  ['{{with .Args}}x{{else}}y{{end}}', 'y'],
  ['{{with $x := .State.Pid}}{{$x}}{{end}}', '2176'],
  ['{{$a := 1}}{{$a = 2}}{{$a}}', '2'],
  ['{{define "p"}}[{{.}}]{{end}}{{template "p" .State.Pid}}', '[2176]'],
  ['{{block "q" .State}}{{.Pid}}{{end}}', '2176'],
  ['{{len .Cmd}} {{len .Labels}} {{len .Name}}', '3 2 35'],
  ['{{slice .Id 0 12}}', 'e22788505aab'],
  ['{{truncate .Id 4}}', 'e227'],
  ['{{upper .State.Status}} {{lower "ABC"}} {{title "hello world"}}', 'RUNNING abc Hello World'],
  ['{{join .Cmd ","}}', '/app/http,-p,80'],
  ['{{split "a:b:c" ":"}}', '[a b c]'],
  ['{{index (split .Name ".") 1}}', '1'],
  ['{{pad "x" 2 3}}|', '  x   |'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{print "a" 1 2 "b"}}', 'a1 2b'],
  ['{{printf "%s-%d" "x" 7}}', 'x-7'],
  ['{{printf "%q %v" .State.Status .State.Running}}', '"running" true'],
  ['{{printf "[%-6s][%6s][%06d]" "ab" "cd" 42}}', '[ab    ][    cd][000042]'],
  ['{{printf "%.3s %5.2f %x %X %t %%" "abcdef" 1.5 255 255 true}}', 'abc  1.50 ff FF true %'],
  ['{{printf "%d" "x"}}', '%!d(string=x)'],
  ['{{printf "%d"}}', '%!d(MISSING)'],
  ['{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}}', 'true true true'],
  ['{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge "b" "a"}}', 'true true false true'],
  ['{{and 1 0}} {{or 0 "x"}} {{not 1}}', '0 x false'],
  ['{{.State.Status | upper | printf "%s!"}}', 'RUNNING!'],
  ['{{"quoted\\tand\\n"}}{{`raw\\n`}}', 'quoted\tand\nraw\\n'],
  ["{{'a'}} {{0x10}} {{1_000}} {{1.50}} {{-3}}", '97 16 1000 1.5 -3'],
  ['{{html "<a>"}} {{urlquery "a b&c"}}', '&lt;a&gt; a+b%26c'],
  ['{{(printf "%d" 5) | len}}', '1'],
  ['{{true}} {{false}}', 'true false'],
  ['{{index .Labels "nosuch"}}|', '|'],
  ['{{range $k, $v := .Labels}}{{$k}}={{$v}},{{else}}none{{end}}', 'com.docker.swarm.task=,zone=east,'],
  ['{{range $i, $_ := .Rows}}{{if $i}}, {{end}}{{.n}}{{end}}', '1, 2, 3'],
  ['{{$n := len .Rows}}{{range .Rows}}{{.n}}/{{$n}} {{end}}', '1/3 2/3 3/3 '],
  ['{{with $s := .State}}{{with $s.Status}}{{.}} {{$s.Pid}}{{end}}{{end}}', 'running 2176'],
  ['{{if and .State.Running (not .Args) (or .Nosuch (gt .State.Pid 100))}}yes{{end}}', 'yes'],
  ['{{if eq .State.Status "exited" "running"}}known{{end}}', 'known'],
  ['{{if or (eq .State.Pid 1) (ne .Name "x")}}a{{else if true}}b{{end}}', 'a'],
  ['{{join (split .Name ".") "/"}}', '/whoami/1/6guluhbub67x2t24r00d9unsl'],
  ['{{range split "a,b" ","}}[{{. | upper}}]{{end}}', '[A][B]'],
  ['{{.Id | printf "%.12s" | upper}}', 'E22788505AAB'],
  ['{{printf "%-8s|%4d|%t" .State.Status .State.ExitCode .State.Running}}', 'running |   0|true'],
  ['{{printf "%5.1f|%+d|%x" .Ratio 3 255}}', '  0.5|+3|ff'],
  ['{{truncate "abc" 9}}{{truncate "" 2}}', 'abc'],
  ['{{pad "" 2 2}}|', '|'],
  ['{{json (index .Networks "ingress")}}', '{"IPAddress":"10.0.0.6","Gateway":""}'],
  ['{{json (split "a b" " ")}} {{json 1.5}} {{json true}}', '["a","b"] 1.5 true'],
  ['{{len (index .Ports "443/tcp")}}', '1'],
  ['{{title "a-b c"}} {{lower "ÄB"}}', 'A-B C äb'],
  ['{{println}}{{print}}x', '\nx'],
  ['{{- 1 -}} {{- 2 -}}', '12'],
  ['{{define "row"}}{{.n}}{{if lt .n 3}},{{end}}{{end}}{{range .Rows}}{{template "row" .}}{{end}}', '1,2,3'],
];

describe('printed', () => {
  test.each(PRINTED)('%s', (template, text) => {
    expect(new Template(template).execute(DATA)).toBe(text);
  });
});

const MALFORMED: readonly (readonly [template: string, message: string])[] = [
  ['{{', 'template: :1: unclosed action'],
  ['{{.Id', 'template: :1: unclosed action'],
  ['{{nosuch .Id}}', 'template: :1: function "nosuch" not defined'],
  ['{{$x}}', 'template: :1: undefined variable "$x"'],
  ['{{end}}', 'template: :1: unexpected {{end}}'],
  ['{{if .A}}x', 'template: :1: unexpected EOF'],
  ['{{}}', 'template: :1: missing value for command'],
  ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
  ['{{"x}}', 'template: :1: unterminated quoted string'],
  ['{{(.A}}', 'template: :1: unclosed left paren'],
  ['{{if}}x{{end}}', 'template: :1: missing value for if'],
  ['{{range}}x{{end}}', 'template: :1: missing value for range'],
  ['{{else}}', 'template: :1: unexpected {{else}}'],
  ['{{template}}', 'template: :1: unexpected "}}" in template clause'],
  ['\n{{.A | 3}}', 'template: :2: non executable command in pipeline stage 2'],
];

test.each(MALFORMED)('malformed %s', (template, message) => {
  expect(() => new Template(template)).toThrow(message);
});

test('errors say where', () => {
  const strict = { missingKey: 'error' } as const;
  const failing = (template: string): string => {
    try {
      return new Template(template).execute(DATA, strict);
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(failing('{{.Nosuch}}')).toBe('template: :1:2: executing "" at <.Nosuch>: map has no entry for key "Nosuch"');
  expect(failing('ab {{json .Nosuch}}')).toBe(
    'template: :1:10: executing "" at <.Nosuch>: map has no entry for key "Nosuch"',
  );
  expect(failing('{{.Name.X}}')).toBe(
    'template: :1:7: executing "" at <.Name.X>: can\'t evaluate field X in type string',
  );
  expect(failing('{{index .Cmd 7}}')).toContain('error calling index: index out of range: 7');
});

test('a Go struct knows its fields and their zero values', () => {
  const service = goValue(SERVICE, {
    ID: 'abc',
    Spec: { Name: 'web', Labels: {}, Mode: { Replicated: { Replicas: 3 } } },
    Endpoint: { Spec: {} },
  });
  const show = (template: string): string => new Template(template).execute(service);
  expect(show('{{.Spec.Name}} {{.Spec.Mode.Replicated.Replicas}} {{.Endpoint.Ports}} {{.UpdateStatus}}')).toBe(
    'web 3 [] <nil>',
  );
  expect(() => show('{{.Nosuch}}')).toThrow(
    'template: :1:2: executing "" at <.Nosuch>: can\'t evaluate field Nosuch in type swarm.Service',
  );
  expect(
    new Template('{{json .Spec}}').execute(
      goValue(NODE, { Spec: { Labels: { zone: 'east' }, Role: 'worker', Availability: 'active' } }),
    ),
  ).toBe('{"Labels":{"zone":"east"},"Role":"worker","Availability":"active"}');
});
