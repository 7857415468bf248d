import { type Finding, lineAt, type Node, type Project, resolveImport, rootNode, type SourceFile } from './project.ts'

/** Every symbol a package exports has a docstring of at least one full sentence where it is declared. */
export function checkDocstrings(project: Project): Finding[] {
  const findings = new Map<string, Finding>()
  for (const workspace of project.workspaces) {
    if (workspace.kind !== 'package') continue
    for (const [name, path] of workspace.entries) {
      const entry = project.files.get(path)
      if (!entry) continue
      for (const symbol of exportedNames(project, entry)) {
        const finding = judge(project, entry, symbol, name)
        if (finding) findings.set(`${finding.file} ${symbol}`, finding)
      }
    }
  }
  return [...findings.values()]
}

function judge(project: Project, entry: SourceFile, symbol: string, publicName: string): Finding | undefined {
  const found = declarationsOf(project, entry, symbol)
  if (found === 'foreign') return undefined
  const [first] = found
  if (!first) return { file: entry.path, says: `exports ${symbol}, but its declaration was not found` }
  if (found.some(({ file, statement }) => isSentence(docstringBefore(file, statement)))) return undefined
  const line = lineAt(first.file, first.statement.start)
  return {
    file: first.file.path,
    line,
    says: `${symbol}, public in ${publicName}, has no docstring of a full sentence`,
  }
}

interface Declaration {
  readonly file: SourceFile
  readonly statement: Node
}

/** All names a module exports, its `export *` followed. */
function exportedNames(project: Project, file: SourceFile, seen = new Set<string>()): Set<string> {
  const names = new Set<string>()
  if (seen.has(file.path)) return names
  seen.add(file.path)
  for (const statement of statementsOf(file)) {
    if (statement.type === 'ExportNamedDeclaration') {
      for (const name of declaredNames(statement.declaration as Node | null)) names.add(name)
      for (const specifier of statement.specifiers as Node[]) names.add(textOf(specifier.exported))
    } else if (statement.type === 'ExportAllDeclaration') {
      const source = resolved(project, file, statement)
      if (statement.exported) names.add(textOf(statement.exported))
      else if (source) for (const name of exportedNames(project, source, seen)) names.add(name)
    } else if (statement.type === 'ExportDefaultDeclaration') names.add('default')
  }
  return names
}

/** The statements that declare an exported name, followed over re-exports; `foreign` when another project declares it. */
function declarationsOf(project: Project, file: SourceFile, name: string): Declaration[] | 'foreign' {
  const own: Declaration[] = []
  for (const statement of statementsOf(file)) {
    if (statement.type === 'ExportDefaultDeclaration' && name === 'default') own.push({ file, statement })
    if (statement.type === 'ExportNamedDeclaration') {
      if (declaredNames(statement.declaration as Node | null).includes(name)) own.push({ file, statement })
      const specifier = (statement.specifiers as Node[]).find((one) => textOf(one.exported) === name)
      if (!specifier) continue
      const local = textOf(specifier.local)
      return statement.source ? followed(project, file, statement, local) : localDeclarations(project, file, local)
    }
    if (statement.type === 'ExportAllDeclaration') {
      if (statement.exported && textOf(statement.exported) === name) return [{ file, statement }]
      const source = resolved(project, file, statement)
      if (!statement.exported && source && exportedNames(project, source).has(name))
        return declarationsOf(project, source, name)
    }
  }
  return own
}

function localDeclarations(project: Project, file: SourceFile, name: string): Declaration[] | 'foreign' {
  const own: Declaration[] = []
  for (const statement of statementsOf(file)) {
    const declaration = statement.type.startsWith('Export') ? (statement.declaration as Node | null) : statement
    if (declaredNames(declaration).includes(name)) own.push({ file, statement })
    if (statement.type !== 'ImportDeclaration') continue
    const specifier = (statement.specifiers as Node[]).find((one) => textOf(one.local) === name)
    if (specifier)
      return followed(project, file, statement, specifier.imported ? textOf(specifier.imported) : 'default')
  }
  return own
}

function followed(project: Project, file: SourceFile, statement: Node, name: string): Declaration[] | 'foreign' {
  const source = resolved(project, file, statement)
  return source ? declarationsOf(project, source, name) : 'foreign'
}

function resolved(project: Project, file: SourceFile, statement: Node): SourceFile | undefined {
  const path = resolveImport(project, file.path, String((statement.source as Node).value))
  return path === undefined ? undefined : project.files.get(path)
}

function declaredNames(declaration: Node | null | undefined): string[] {
  if (!declaration) return []
  if (declaration.type !== 'VariableDeclaration') return declaration.id ? [textOf(declaration.id)] : []
  return (declaration.declarations as Node[]).flatMap((declarator) => boundNames(declarator.id as Node))
}

function boundNames(pattern: Node): string[] {
  if (pattern.type !== 'ObjectPattern') return pattern.type === 'Identifier' ? [textOf(pattern)] : []
  return (pattern.properties as Node[]).flatMap((property) => boundNames((property.value ?? property.argument) as Node))
}

function docstringBefore(file: SourceFile, statement: Node): string {
  const comment = file.comments.findLast((one) => one.end <= statement.start)
  if (comment?.type !== 'Block' || !comment.value.startsWith('*')) return ''
  return file.text.slice(comment.end, statement.start).trim() === '' ? comment.value : ''
}

function isSentence(comment: string): boolean {
  const text =
    comment
      .replaceAll(/^\s*\*+ ?/gm, '')
      .split(/^\s*@/m)[0]
      ?.trim() ?? ''
  return /^[\p{Lu}\p{N}`'"(]/u.test(text) && /\S+\s+\S+\s+\S+/.test(text) && /[.!?:](\s|$)/.test(text)
}

function statementsOf(file: SourceFile): Node[] {
  return rootNode(file).body as Node[]
}

function textOf(value: unknown): string {
  const node = value as Node
  return String(node.name ?? node.value)
}
