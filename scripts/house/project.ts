import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { type Comment, type Program, parseSync, visitorKeys } from 'oxc-parser'

/** One thing that breaks a house rule, and where. */
export interface Finding {
  readonly file: string
  readonly line?: number
  readonly says: string
}

/** The parts of a package.json that the house rules read. */
export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly type?: string
  readonly license?: string
  readonly files?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A workspace: `dir` is its path from the root (`packages/core`), `entries` its public sources by the name users import. */
export interface Workspace {
  readonly dir: string
  readonly kind: 'package' | 'app'
  readonly manifest: Manifest
  readonly entries: ReadonlyMap<string, string>
}

/** A parsed source file; `path` is from the root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly program: Program
  readonly comments: readonly Comment[]
}

/** What the checks look at: the workspaces, and every source and test file with its syntax tree. */
export interface Project {
  readonly root: string
  readonly workspaces: readonly Workspace[]
  readonly files: ReadonlyMap<string, SourceFile>
}

export const sourceCondition = '@umbel/source'

const sources = [
  'packages/*/src/**/*.{ts,tsx,js,mjs}',
  'packages/*/test/**/*.{ts,tsx,js,mjs}',
  'apps/*/src/**/*.{ts,tsx,js,mjs}',
  'apps/*/test/**/*.{ts,tsx,js,mjs}',
  'scripts/**/*.{ts,js,cjs}',
  'test/**/*.{ts,js,mjs}',
]

/** Read and parse the project below `root`. */
export function readProject(root: string): Project {
  const files = new Map<string, SourceFile>()
  const paths = globSync(sources, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' })
  for (const path of paths.map(forward).sort()) files.set(path, readSource(root, path))
  return { root, workspaces: readWorkspaces(root), files }
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const { program, comments, errors } = parseSync(path, text, { preserveParens: false })
  const fault = errors.find((error) => error.severity === 'Error')
  if (fault) throw new Error(`${path} does not parse: ${fault.message}`)
  return { path, text, program, comments }
}

function readWorkspaces(root: string): Workspace[] {
  const manifests = globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd: root }).map(forward).sort()
  return manifests.map((path) => {
    const dir = dirname(path)
    const manifest = readManifest(join(root, path))
    return {
      dir,
      kind: dir.startsWith('packages/') ? 'package' : 'app',
      manifest,
      entries: publicEntries(dir, manifest),
    }
  })
}

/** Read one package.json. */
export function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest
}

function publicEntries(dir: string, manifest: Manifest): Map<string, string> {
  const entries = new Map<string, string>()
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    const source = typeof target === 'string' ? undefined : target[sourceCondition]
    if (source) entries.set(manifest.name + subpath.slice(1), `${dir}/${source.slice(2)}`)
  }
  return entries
}

/** The workspace a file belongs to, if any. */
export function workspaceOf(project: Project, path: string): Workspace | undefined {
  return project.workspaces.find((workspace) => path.startsWith(`${workspace.dir}/`))
}

/** The source files that ship or run: packages and apps, without their tests. */
export function shippedSources(project: Project): SourceFile[] {
  return [...project.files.values()].filter((file) => /^(packages|apps)\/[^/]+\/src\//.test(file.path))
}

/** The line, from 1, on which an offset of a file stands. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split('\n').length
}

/** A syntax node as a walk sees it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** Visit every node below `node` with its ancestors, nearest last; a visit that returns false does not go deeper. */
export function walk(
  node: Node,
  visit: (node: Node, ancestors: readonly Node[]) => unknown,
  ancestors: Node[] = [],
): void {
  if (visit(node, ancestors) === false) return
  ancestors.push(node)
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key]
    for (const one of Array.isArray(child) ? child : [child]) if (isNode(one)) walk(one, visit, ancestors)
  }
  ancestors.pop()
}

/** The root node of a file, as a walk takes it. */
export function rootNode(file: SourceFile): Node {
  return file.program as unknown as Node
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** A path from the root with forward slashes. */
function forward(path: string): string {
  return sep === '/' ? path : path.split(sep).join('/')
}

/** The file an import of `from` points to, when it is a relative one or names a public entry of a workspace. */
export function resolveImport(project: Project, from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const path = forward(relative(project.root, join(project.root, dirname(from), specifier)))
    if (project.files.has(path)) return path
    const typescript = path.replace(/\.js$/, '.ts')
    return project.files.has(typescript) || !existsSync(join(project.root, path)) ? typescript : path
  }
  for (const workspace of project.workspaces) {
    const entry = workspace.entries.get(specifier)
    if (entry) return entry
  }
  return undefined
}
