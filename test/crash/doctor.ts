// Says what is wrong with the file of a store: `npm run doctor -- FILE`. The last line is JSON.
import { examine } from './examine.ts'

const file = process.argv[2]
if (file === undefined) {
  console.error('Say which file: npm run doctor -- work.db')
  process.exit(2)
}
const violations = examine(file)
for (const violation of violations) console.log(violation)
console.log(JSON.stringify({ file, violations: violations.length }))
process.exitCode = violations.length === 0 ? 0 : 1
