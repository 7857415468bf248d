import { type Finding, lineAt, type Node, type Project, rootNode, type SourceFile, walk } from './project.ts'

/** The files that may touch the ambient clock, timers and random numbers, and why. */
const providers: Readonly<Record<string, string>> = {
  'packages/umbel/src/system.ts': 'provides the clock, timers, ids and random numbers that everything else is given',
}

const forbiddenMembers: Readonly<Record<string, readonly string[] | 'all'>> = {
  Date: ['now'],
  Math: ['random'],
  performance: ['now', 'timeOrigin', 'mark', 'measure'],
  process: ['hrtime', 'uptime'],
  crypto: ['randomUUID', 'getRandomValues', 'randomBytes', 'randomInt'],
  AbortSignal: ['timeout'],
  Temporal: ['Now'],
}
const forbiddenGlobals = new Set(['setTimeout', 'setInterval', 'setImmediate'])
const globals = new Set(['globalThis', 'global', 'self', 'window'])
const forbiddenModules: Readonly<Record<string, readonly string[] | 'all'>> = {
  timers: 'all',
  'timers/promises': 'all',
  perf_hooks: 'all',
  crypto: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'webcrypto', 'getRandomValues'],
}

/** Clock, timers, random numbers and ids are injected in packages: what reads them from the surroundings cannot be simulated. */
export function checkAmbient(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const file of project.files.values()) {
    if (!/^packages\/[^/]+\/src\//.test(file.path) || file.path in providers) continue
    const add = (node: Node, what: string) =>
      findings.push({
        file: file.path,
        line: lineAt(file, node.start),
        says: `uses ${what}: take it from the System it is given`,
      })
    inspect(file, add)
  }
  return findings
}

function inspect(file: SourceFile, add: (node: Node, what: string) => void): void {
  walk(rootNode(file), (node, ancestors) => {
    if (node.type === 'TSTypeQuery') return false
    const what = reading(node, ancestors.at(-1))
    if (what) add(node, what)
    return true
  })
}

function reading(node: Node, parent: Node | undefined): string | undefined {
  switch (node.type) {
    case 'Identifier':
      return forbiddenGlobals.has(nameOf(node) ?? '') && isReference(node, parent) ? nameOf(node) : undefined
    case 'MemberExpression':
      return forbiddenMember(objectName(node.object), propertyName(node))
    case 'NewExpression':
      return objectName(node.callee) === 'Date' && isEmpty(node.arguments) ? 'new Date() without arguments' : undefined
    case 'CallExpression':
      return objectName(node.callee) === 'Date' ? 'Date() as a function' : undefined
    case 'VariableDeclarator':
      return destructured(node)
    case 'ImportDeclaration':
      return imported(node)
    default:
      return undefined
  }
}

function forbiddenMember(object: string | undefined, property: string | undefined): string | undefined {
  if (!object || !property) return undefined
  if (globals.has(object)) return forbiddenGlobals.has(property) ? `${object}.${property}` : undefined
  return Object.hasOwn(forbiddenMembers, object) && forbiddenMembers[object]?.includes(property)
    ? `${object}.${property}`
    : undefined
}

function destructured(node: Node): string | undefined {
  const pattern = node.id as Node
  const object = objectName(node.init)
  if (pattern.type !== 'ObjectPattern' || !object) return undefined
  const names = (pattern.properties as Node[]).map((property) => nameOf(property.key as Node | undefined))
  return names.map((name) => forbiddenMember(object, name)).find((what) => what !== undefined)
}

function imported(node: Node): string | undefined {
  const module = String((node.source as Node).value).replace(/^node:/, '')
  const banned = Object.hasOwn(forbiddenModules, module) ? forbiddenModules[module] : undefined
  if (!banned || node.importKind === 'type') return undefined
  if (banned === 'all') return `node:${module}`
  const names = (node.specifiers as Node[]).map((specifier) => nameOf(specifier.imported as Node | undefined))
  return names.find((name) => name !== undefined && banned.includes(name))
}

/** `Date` of `Date`, `globalThis.Date` and `window['Date']`. */
function objectName(value: unknown): string | undefined {
  const node = value as Node | null | undefined
  if (node?.type === 'Identifier') return nameOf(node)
  if (node?.type === 'MemberExpression' && globals.has(objectName(node.object) ?? '')) return propertyName(node)
  return undefined
}

function propertyName(node: Node): string | undefined {
  const property = node.property as Node
  if (node.computed) return typeof property.value === 'string' ? property.value : undefined
  return nameOf(property)
}

function nameOf(node: Node | null | undefined): string | undefined {
  return typeof node?.name === 'string' ? node.name : undefined
}

function isReference(node: Node, parent: Node | undefined): boolean {
  if (!parent) return true
  if (parent.type === 'MemberExpression') return parent.object === node || parent.computed === true
  if (parent.type === 'Property') return parent.value === node || parent.computed === true
  return !(parent.key === node && parent.computed !== true)
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0
}
