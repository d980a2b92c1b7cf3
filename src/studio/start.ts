/** The studio's first script: finds the page, opens what a link or the storage holds, and gives it to the studio. */
import { Bench } from './bench/bench.ts';
import { siteScenarios } from './lessons.ts';
import { Studio } from './studio.ts';
import { studioWords } from './words.ts';

const root = document.querySelector<HTMLElement>('.studio')!;
const dock = document.querySelector<HTMLElement>('.lab-dock')!;
const words = studioWords(document.documentElement.lang);
const paths = Object.entries(await siteScenarios());
const scenarios = Object.fromEntries(
  paths.map(([path, text]) => [path.replace(/^.*\//, '').replace(/\.yaml$/, ''), text]),
);
await new Studio({ root, dock, words, bench: new Bench(scenarios) }).start();
