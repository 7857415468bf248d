import { basename } from 'node:path'
import type { Finding, Project } from './project.ts'

const empty = /^(utils?|common|helpers?|types|misc|shared|constants|job|step|processor|manager|service)s?$/
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/

/** A file's name says its one idea in kebab-case: names that say nothing, or are not in the glossary, are refused. */
export function checkNames(project: Project): Finding[] {
  const findings: Finding[] = []
  for (const { path } of project.files.values()) {
    const stem = basename(path).replace(/(\.(test|test-d|config|int\.test))?\.[a-z]+$/, '')
    const words = stem.split('-')
    if (words.some((word) => empty.test(word)))
      findings.push({ file: path, says: `is named "${stem}": name the idea it holds, in words of the glossary` })
    else if (!kebab.test(stem)) findings.push({ file: path, says: `is named "${stem}": file names are kebab-case` })
  }
  return findings
}
