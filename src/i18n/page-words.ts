/** Words of the pages beside the lessons: course map, playground, commands, errors, glossary, search. See words.ts. */

/** Words with the name `…Html` may hold elements of text: `code`, `b`, `kbd`, `a`. */
export interface PageWords {
  /** The ways to go, on top and at the foot of every page. */
  readonly nav: {
    readonly menu: string;
    readonly course: string;
    readonly playground: string;
    readonly studio: string;
    readonly commands: string;
    readonly errors: string;
    readonly glossary: string;
    readonly keys: string;
    readonly fidelity: string;
    readonly about: string;
    readonly footer: string;
  };
  readonly search: {
    readonly open: string;
    readonly label: string;
    readonly hint: string;
    readonly close: string;
    readonly none: string;
    readonly found: string;
    readonly failed: string;
  };
  readonly course: {
    /** How much there is, before anything is done. */
    readonly size: (units: number, lessons: number, hours: number) => string;
    readonly doneOf: (done: string, all: string) => string;
    readonly begin: (title: string) => string;
    readonly goOn: (title: string) => string;
    readonly started: (done: string, all: string) => string;
    readonly done: string;
    readonly older: string;
    readonly minutes: (minutes: number) => string;
    /** Stands before the numbers of lessons, with what parts them. */
    readonly buildsOn: string;
    readonly and: string;
    readonly lesson: (number: string) => string;
    /** Of a lesson that is not there in the page's language. */
    readonly english: string;
    readonly file: {
      readonly title: string;
      readonly text: string;
      readonly save: string;
      readonly open: string;
      readonly nothing: string;
      readonly saved: string;
      readonly opened: (lessons: string) => string;
      readonly broken: string;
      readonly foreign: string;
      readonly newer: string;
      readonly full: string;
    };
  };
  readonly playground: {
    readonly world: string;
    readonly scenario: string;
    readonly titles: Readonly<Record<string, string>>;
    readonly nodes: string;
    readonly engine: string;
    readonly start: string;
    readonly note: string;
    /** What is said of a part of the address that means nothing; `{}` is that part. */
    readonly faults: Readonly<Record<'scenario' | 'nodes' | 'engine' | 'unknown', string>>;
    readonly noScript: string;
  };
  readonly commands: {
    readonly groups: Readonly<Record<string, string>>;
    readonly mirrors: string;
    readonly otherNames: string;
    readonly usage: (line: string) => string;
    readonly fidelity: (equal: number, total: number) => string;
    readonly unrecorded: string;
    readonly absent: string;
    readonly absentText: string;
    /** Leads to Docker's own page. */
    readonly docker: string;
    readonly parts: Readonly<Record<'matches' | 'targets' | 'schedulers', string>>;
  };
  readonly errors: {
    readonly from: string;
    readonly typed: (host: string) => string;
    readonly lessons: string;
    readonly groups: Readonly<Record<'wire' | 'rules' | 'balancer' | 'docker' | 'swarm', string>>;
  };
  readonly glossary: {
    /** Leads from the card of a term to its place in the glossary. */
    readonly more: string;
    /** Stand before a list of links, with what parts these. */
    readonly see: string;
    readonly usedIn: string;
    readonly comma: string;
    /** Of the groups of content/glossary.yaml. */
    readonly groups: Readonly<Record<'plumbing' | 'netfilter' | 'ipvs' | 'vxlan' | 'swarm', string>>;
  };
}
