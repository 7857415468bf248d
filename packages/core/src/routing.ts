// STAND-IN by the lead until the real one lands: overwrite freely
export interface RouteCall { readonly task: string; readonly args: readonly unknown[]; readonly kwargs: Readonly<Record<string, unknown>>; readonly options: object }
export interface ResolvedRoute { readonly lane?: string; readonly priority?: number }
export type RouteTarget = ResolvedRoute | string
export type Route = Readonly<Record<string, RouteTarget>> | ((call: RouteCall) => RouteTarget | undefined)
export const compileRoutes = (_routes: readonly Route[]) => (_call: RouteCall): ResolvedRoute | undefined => undefined
export const globMatcher = (pattern: string) => (text: string): boolean => pattern === text || (pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1)))
