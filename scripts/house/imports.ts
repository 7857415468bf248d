import { type Node, type Project, resolveImport, rootNode, type SourceFile, walk } from './project.ts'

/** One import, export-from, `import()` or `typeof import()` of a file. `typeOnly` ones are gone at run time. */
export interface ImportEdge {
  readonly specifier: string
  readonly offset: number
  readonly typeOnly: boolean
  readonly form: 'import' | 're-export' | 'dynamic'
  readonly target: string | undefined
}

/** Everything a file imports whose specifier is a literal. */
export function importsOf(project: Project, file: SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = []
  const add = (source: unknown, typeOnly: boolean, form: ImportEdge['form']) => {
    const literal = source as (Node & { value?: unknown }) | null | undefined
    if (typeof literal?.value !== 'string') return
    const target = resolveImport(project, file.path, literal.value)
    edges.push({ specifier: literal.value, offset: literal.start, typeOnly, form, target })
  }
  walk(rootNode(file), (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        // `import { type A }` still loads the module when types are stripped: only `import type` is free.
        return add(node.source, node.importKind === 'type', 'import')
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        return add(node.source, node.exportKind === 'type', 're-export')
      case 'ImportExpression':
        return add(node.source, false, 'dynamic')
      case 'TSImportType':
        return add(node.source ?? node.argument, true, 'import')
      default:
        return
    }
  })
  return edges
}
