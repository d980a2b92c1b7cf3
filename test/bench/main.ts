import { buildMetrics, meshMetrics } from './engine.ts';
console.log(meshMetrics(3,false)); console.log(meshMetrics(3,true)); console.log(buildMetrics(1000));
