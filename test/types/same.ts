/** Whether two types are the same; where they are not, the message shows both. */
export type Same<Got, Want> =
  (<T>() => T extends Got ? 1 : 2) extends <T>() => T extends Want ? 1 : 2
    ? true
    : { readonly got: Got; readonly want: Want }

/** Hold, for the compiler, that a type is `true`: `holds<Same<typeof value, number>>()`. */
export const holds = <T extends true>(): T => true as T
