/** A command line that makes no sense: exit code 2, as of flags that there are none of. */
export class UsageError extends TypeError {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}
