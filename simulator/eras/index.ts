/** The eras, by the name that scenarios use. */
import type { Era } from './era.ts';
import { ERA_17_03 } from './v17_03.ts';
import { ERA_18_09 } from './v18_09.ts';
import { ERA_20_10 } from './v20_10.ts';
import { ERA_26_1 } from './v26_1.ts';
import { ERA_28 } from './v28.ts';

export type { Era };
export { ERA_26_1 };

const LIST = [ERA_17_03, ERA_18_09, ERA_20_10, ERA_26_1, ERA_28];

/** Names of eras, oldest first. */
export const ENGINES: readonly string[] = LIST.map(({ name }) => name);

export const ERAS: Readonly<Record<string, Era>> = Object.fromEntries(LIST.map((era) => [era.name, era]));

/** Of scenarios that name none. */
export const DEFAULT_ENGINE = ERA_26_1.name;
