/** Types commands as a learner does; for tests of other rooms too. */
export { Typist } from '../../src/lesson/typist';
