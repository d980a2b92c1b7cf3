import { test } from 'vitest';
import { Machines } from '/work/main/test/engine/machines.ts';
test('perf', () => {
  for (let i = 0; i < 12; i++) {
    const t0 = performance.now();
    const m = new Machines();
    const t1 = performance.now();
    m.swarm();
    const t2 = performance.now();
    m.publish('whoami', 8000, 3);
    const t3 = performance.now();
    const ev = m.universe.scheduler.executed;
    m.settle(60);
    console.log(i, (t1 - t0).toFixed(1), (t2 - t1).toFixed(1), (t3 - t2).toFixed(1), 'idle 60s', (performance.now() - t3).toFixed(1), m.universe.scheduler.executed - ev);
  }
});
