/**
 * What a page's head means by `lab: { scenario: NAME }`: a file of content/labs (UNIT/SLUG), or one of content/scenarios.
 * Read when the page is built, so that neither YAML nor a schema comes to the browser.
 */
import { parseScenario, type Scenario } from '../../simulator/index.ts';
import { parseLab, type ReadLab } from '../../simulator/lesson/index.ts';

/** The texts of all files of content/labs and content/scenarios, by path from the root (`/content/labs/…`). */
export type ContentFiles = Readonly<Record<string, string>>;

/** The lab and the scenario that a page names; a page may have a scenario alone. Throws with the place of a fault. */
export function labOfPage(
  name: string,
  files: ContentFiles,
): { readonly lab?: ReadLab['lab']; readonly scenario: Scenario } {
  const named = (scenario: string): Scenario | undefined => {
    const text = files[`/content/scenarios/${scenario}.yaml`];
    return text === undefined ? undefined : parseScenario(text);
  };
  const text = files[`/content/labs/${name}.yaml`];
  if (text !== undefined) return parseLab(text, named, `content/labs/${name}.yaml`);
  const scenario = named(name);
  if (scenario === undefined)
    throw new Error(`There is neither content/labs/${name}.yaml nor content/scenarios/${name}.yaml.`);
  return { scenario };
}
