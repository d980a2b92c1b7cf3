/** Made by src/build/late-code.mjs. */
declare module 'virtual:late-code' {
  /** Fetches the part of the engine that is not needed for the first prompt. */
  export function loadLateCode(): Promise<void>;
}
