/**
 * What differs between Docker eras, as data. One file per era; code asks the era, never the version.
 */
export interface Era {
  /** As scenarios name it. */
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
  readonly goVersion: string;
  readonly gitCommit: string;
  readonly buildTime: string;
  readonly containerd: { readonly version: string; readonly commit: string };
  readonly runc: { readonly version: string; readonly commit: string };
}
