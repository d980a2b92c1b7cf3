/** tc(8): traffic control. What a device sends leaves at once here, so there is no queue to shape: refused in words. */
import { fail, type Tool } from '../process/program.ts';

export const tcTool: Tool = {
  name: 'tc',
  directory: '/usr/sbin',
  summary: 'not emulated',
  main: (ctx) => fail(ctx, 'tc: traffic control is not emulated here: what is sent leaves at once'),
};
