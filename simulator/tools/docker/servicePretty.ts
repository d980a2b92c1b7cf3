/** `docker service inspect --pretty`: the template of cli/command/service/formatter.go, blanks and tabs as there. */
import type { Client } from '../../eras/era.ts';
import { parseRfc3339, type SwarmService, type UpdateConfig } from '../../engine/api.ts';
import { bytesSize, humanDuration } from '../../engine/duration.ts';
import { durationText } from './optionValues.ts';
import { Template } from './template/execute.ts';
import { GoFloat, type Value } from './template/value.ts';

const ROLL_OUT = (title: string, order: string): string => `
${title}:
 Parallelism:	{{ .Parallelism }}
{{- if .Delay }}
 Delay:		{{ .Delay }}
{{- end }}
 On failure:	{{ .FailureAction }}
{{- if .Monitor }}
 Monitoring Period: {{ .Monitor }}
{{- end }}
 Max failure ratio: {{ .MaxFailureRatio }}
 ${order} order:${order === 'Update' ? '      ' : '    '}{{ .Order }}
{{- end }}`;

const PRETTY = `
ID:		{{.ID}}
Name:		{{.Name}}
{{- if .Labels }}
Labels:
{{- range $k, $v := .Labels }}
 {{ $k }}{{if $v }}={{ $v }}{{ end }}
{{- end }}{{ end }}
Service Mode:	{{ .Mode }}
{{- if .Replicas }}
 Replicas:	{{ .Replicas }}
{{- end }}
{{- with .UpdateStatus }}
UpdateStatus:
 State:		{{ .State }}
{{- if .Started }}
 Started:	{{ .Started }}
{{- end }}
{{- if .Completed }}
 Completed:	{{ .Completed }}
{{- end }}
 Message:	{{ .Message }}
{{- end }}
Placement:
{{- if .Constraints }}
 Constraints:	{{ .Constraints }}
{{- end }}
{{- if .MaxReplicas }}
 Max Replicas Per Node:   {{ .MaxReplicas }}
{{- end }}
{{- with .UpdateConfig }}${ROLL_OUT('UpdateConfig', 'Update')}
{{- with .RollbackConfig }}${ROLL_OUT('RollbackConfig', 'Rollback')}
ContainerSpec:
 Image:		{{ .Image }}
{{- if .Args }}
 Args:		{{ range $arg := .Args }}{{ $arg }} {{ end }}
{{- end -}}
{{- if .Env }}
 Env:		{{ range $env := .Env }}{{ $env }} {{ end }}
{{- end -}}
{{- if .Dir }}
 Dir:		{{ .Dir }}
{{- end -}}
{{- if .Init }}
 Init:		{{ .Init }}
{{- end -}}
{{- if .User }}
 User: {{ .User }}
{{- end }}
{{- if .Sysctls }}
SysCtls:
{{- range $k, $v := .Sysctls }}
 {{ $k }}{{if $v }}: {{ $v }}{{ end }}
{{- end }}{{ end }}
{{- if .Configs }}
Configs:
{{- range $config := .Configs }}
 Target:	{{ $config.File.Name }}
  Source:	{{ $config.ConfigName }}
{{- end }}{{ end }}
{{- if .Secrets }}
Secrets:
{{- range $secret := .Secrets }}
 Target:	{{ $secret.File.Name }}
  Source:	{{ $secret.SecretName }}
{{- end }}{{ end }}
Resources:
{{- if .Reservations }}
 Reservations:
{{- with .Reservations.CPU }}
  CPU:		{{ . }}
{{- end }}
{{- with .Reservations.Memory }}
  Memory:	{{ . }}
{{- end }}{{ end }}
{{- if .Networks }}
Networks:
{{- range $network := .Networks }} {{ $network }}{{ end }} {{ end }}
Endpoint Mode:	{{ .EndpointMode }}
{{- if .Ports }}
Ports:
{{- range $port := .Ports }}
 PublishedPort = {{ $port.PublishedPort }}
  Protocol = {{ $port.Protocol }}
  TargetPort = {{ $port.TargetPort }}
  PublishMode = {{ $port.PublishMode }}
{{- end }} {{ end }}
{{- if .Healthcheck }}
 Healthcheck:
  Interval = {{ .Healthcheck.Interval }}
  Retries = {{ .Healthcheck.Retries }}
  StartPeriod =	{{ .Healthcheck.StartPeriod }}
  Timeout =	{{ .Healthcheck.Timeout }}
  {{- if .Healthcheck.Test }}
  Tests:
	{{- range $test := .Healthcheck.Test }}
	 Test = {{ $test }}
  {{- end }} {{ end }}
{{- end }}

`;

function rollOut(config: UpdateConfig | undefined): Value {
  if (config === undefined) return null;
  return {
    Parallelism: config.Parallelism,
    Delay: (config.Delay ?? 0) === 0 ? '' : durationText(config.Delay ?? 0),
    FailureAction: config.FailureAction ?? '',
    Monitor: (config.Monitor ?? 0) === 0 ? '' : durationText(config.Monitor ?? 0),
    MaxFailureRatio: new GoFloat(config.MaxFailureRatio),
    Order: config.Order,
  };
}

/** As clients of 2017 wrote it: the constraints in the line above, misspelt; and no initial process. */
const EARLY = PRETTY.replace('Placement:\n{{- if .Constraints }}\n Constraints:', 'Placement:{{- if .Constraints }}Contraints:').replace(/\n (?:Update|Rollback) order:[^\n]*/g, '').replace(/\n\n$/, '\n');

/** One service; `networkName` gives a network's name by its id, `now` is the wall clock in microseconds. */
export function prettyService(service: SwarmService, networkName: (id: string) => string, now: number, wording: Client['wording'] = '2024'): string {
  const { Spec: spec } = service;
  const task = spec.TaskTemplate;
  const container = task.ContainerSpec;
  const health = container?.Healthcheck;
  const ago = (time: string | undefined): string =>
    time === undefined ? '' : `${humanDuration(now - (parseRfc3339(time) ?? now)).toLowerCase()} ago`;
  const reservations = task.Resources?.Reservations ?? {};
  const status = service.UpdateStatus;
  return new Template(wording === '2017' ? EARLY : PRETTY).execute({
    ID: service.ID,
    Name: spec.Name,
    Labels: spec.Labels,
    Mode:
      spec.Mode.Replicated !== undefined
        ? 'Replicated'
        : spec.Mode.Global !== undefined
          ? 'Global'
          : spec.Mode.ReplicatedJob !== undefined
            ? 'ReplicatedJob'
            : 'GlobalJob',
    Replicas: spec.Mode.Replicated?.Replicas ?? 0,
    UpdateStatus:
      status?.State === undefined
        ? null
        : {
            State: status.State,
            Started: ago(status.StartedAt),
            Completed: status.State === 'completed' ? ago(status.CompletedAt) : '',
            Message: status.Message ?? '',
          },
    Constraints: task.Placement?.Constraints ?? [],
    MaxReplicas: task.Placement?.MaxReplicas ?? 0,
    UpdateConfig: rollOut(spec.UpdateConfig),
    RollbackConfig: rollOut(spec.RollbackConfig),
    Image: container?.Image ?? '',
    Args: container?.Args ?? [],
    Env: container?.Env ?? [],
    Dir: container?.Dir ?? '',
    Init: container?.Init === undefined ? '' : String(container.Init),
    User: container?.User ?? '',
    Sysctls: container?.Sysctls ?? {},
    Configs: (container?.Configs ?? []).map(({ File, ConfigName }) => ({ File: { ...File }, ConfigName })),
    Secrets: (container?.Secrets ?? []).map(({ File, SecretName }) => ({ File: { ...File }, SecretName })),
    Healthcheck: health === undefined ? null : { Interval: durationText(health.Interval ?? 0), Retries: health.Retries ?? 0, StartPeriod: durationText(health.StartPeriod ?? 0), Timeout: durationText(health.Timeout ?? 0), Test: health.Test ?? [] },
    Reservations:
      Object.keys(reservations).length === 0
        ? null
        : {
            CPU: new GoFloat((reservations.NanoCPUs ?? 0) / 1e9),
            Memory: reservations.MemoryBytes === undefined ? '' : bytesSize(reservations.MemoryBytes),
          },
    Networks: (task.Networks ?? []).map((network) => networkName(network.Target)),
    EndpointMode: service.Endpoint.Spec.Mode ?? spec.EndpointSpec?.Mode ?? '',
    Ports: (service.Endpoint.Ports ?? []).map((port) => ({ ...port, PublishedPort: port.PublishedPort ?? 0 })),
  });
}
