// STAND-IN by the lead until the real one lands: overwrite freely
export interface Arity { readonly min: number; readonly max: number }
export const arityOf = (handler: (...args: never[]) => unknown): Arity => ({ min: Math.max(0, handler.length - 1), max: Number.POSITIVE_INFINITY })
