/**
 * The script of the playground: reads the choice from the address, says what in it means nothing, puts the world where the
 * lab's start script looks for it, and starts the lab as on any other page.
 */
import { type Offer, queryOf, readChoice, worldOfChoice } from './world.ts';

const page = document.querySelector<HTMLElement>('[data-playground]')!;
const offer = JSON.parse(document.getElementById('playground-offer')!.textContent) as Offer;
const { choice, faults } = readChoice(location.search, offer);
const scenario = worldOfChoice(choice, offer);

const form = page.querySelector('form')!;
const field = (name: string): HTMLInputElement | HTMLSelectElement =>
  form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
for (const [name, value] of Object.entries(choice)) field(name).value = String(value);
form.hidden = false;
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const next = {
    scenario: field('scenario').value,
    nodes: Number(field('nodes').value),
    engine: field('engine').value,
  };
  location.assign(queryOf(next));
});

page.querySelector('.faults')!.replaceChildren(
  ...faults.map(({ what, given }) => {
    const line = document.createElement('p');
    line.textContent = (page.dataset[what] ?? '').replace('{}', () => given);
    return line;
  }),
);

const hosts = scenario.machines.map(({ name }) => name);
const dock = document.querySelector<HTMLElement>('.lab-dock')!;
dock.dataset.hosts = hosts.join(' ');
dock.dataset.terminals = ['node1', 'client', ...hosts.filter((name) => name !== 'node1' && name !== 'client')].join(
  ' ',
);
const start = document.getElementById('lab-scenario')!;
start.dataset.lab = `playground/${choice.scenario}-${choice.nodes}-${choice.engine}`;
start.textContent = JSON.stringify(scenario);
await import('../lab/start.ts');
