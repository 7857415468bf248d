// The house rules that no linter knows. `node scripts/house.ts [rule...] [--root folder]`
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readProject } from './house/project.ts'
import { rules } from './house/rules.ts'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { root: { type: 'string' } } })
const project = readProject(resolve(values.root ?? `${import.meta.dirname}/..`))
let broken = 0
for (const name of positionals.length > 0 ? positionals : Object.keys(rules)) {
  const rule = rules[name]
  if (!rule) throw new Error(`There is no house rule "${name}": choose from ${Object.keys(rules).join(', ')}`)
  for (const { file, line, says } of rule(project)) {
    broken++
    console.error(`${name}: ${file}${line ? `:${line}` : ''} ${says}`)
  }
}
if (broken > 0) process.exitCode = 1
else console.log(`${project.files.size} files keep the house rules`)
