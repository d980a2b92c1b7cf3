/** The end of a command with an error text; caught in one place (index.ts), which prints it and exits with `status`. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly status: number;

  constructor(text: string, status = 1) {
    super(text);
    this.status = status;
  }
}
