/** The worker that completes and explains YAML; monaco-yaml's, in a file of ours so that the build makes a worker of it. */
import 'monaco-yaml/yaml.worker.js';
