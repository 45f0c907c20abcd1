{{/* The name of the program in labels. */}}
{{- define "lamplighter.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What names of objects begin with: the release, and the chart where the release does not name it. */}}
{{- define "lamplighter.fullname" -}}
{{- $name := include "lamplighter.name" . }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $full | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Name of the Deployment and of what belongs to it, the Lease too. */}}
{{- define "lamplighter.operator" -}}
{{ include "lamplighter.fullname" . }}-operator
{{- end }}

{{- define "lamplighter.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "lamplighter.operator" .) }}
{{- else }}
{{- required "serviceAccount.name: name the account that exists, or set serviceAccount.create to true" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* What never changes for the pods of a component: "context" and "component". */}}
{{- define "lamplighter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "lamplighter.name" .context | quote }}
app.kubernetes.io/instance: {{ .context.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of an object: "context", "component" and perhaps "more". Those by which Helm and selectors find it can't be replaced. */}}
{{- define "lamplighter.labels" -}}
{{- $fixed := fromYaml (include "lamplighter.selectorLabels" .) }}
{{- $fixed = set $fixed "app.kubernetes.io/managed-by" .context.Release.Service }}
{{- $rest := dict "app.kubernetes.io/part-of" "lamplighter" "app.kubernetes.io/version" .context.Chart.AppVersion }}
{{- $rest = set $rest "helm.sh/chart" (printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- toYaml (merge $fixed (.more | default dict) .context.Values.commonLabels $rest) }}
{{- end }}

{{/* Labels and annotations of a definition. */}}
{{- define "lamplighter.crdMetadata" -}}
labels:
  {{- include "lamplighter.labels" (dict "context" . "component" "definitions") | nindent 2 }}
{{- if .Values.crds.keep }}
annotations:
  helm.sh/resource-policy: keep
{{- end }}
{{- end }}

{{- define "lamplighter.image" -}}
{{- if .Values.image.digest }}
{{- .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}
{{- .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* Names of the Secrets to pull images with, with commas between them. Charts around this one list objects or plain names. */}}
{{- define "lamplighter.pullSecrets" -}}
{{- $names := list }}
{{- range concat (.Values.global.imagePullSecrets | default list) .Values.imagePullSecrets }}
{{- if kindIs "string" . }}
{{- $names = append $names . }}
{{- else }}
{{- $names = append $names .name }}
{{- end }}
{{- end }}
{{- $names | uniq | join "," }}
{{- end }}

{{/* Security of a pod and of its only container, as Pod Security "restricted" wants it. */}}
{{- define "lamplighter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "lamplighter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
