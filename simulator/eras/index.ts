/** The eras, by the name that scenarios use. */
import type { Era } from './era.ts';
import { ERA_26_1 } from './v26_1.ts';

export type { Era };

export const ERAS: Readonly<Record<string, Era>> = { [ERA_26_1.name]: ERA_26_1 };
