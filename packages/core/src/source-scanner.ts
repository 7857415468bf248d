const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_VALUE: ReadonlySet<string> = new Set(
  'return typeof instanceof in of new delete void throw case do else yield await'.split(' '),
)

/**
 * Walks over JavaScript source as far as finding where things end needs: it knows comments, strings, templates, regular
 * expressions and brackets. It stands at the end once something does not close.
 */
export class SourceScanner {
  at = 0
  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  get done(): boolean {
    return this.at >= this.#source.length
  }

  /** Whether this text comes next. */
  sees(text: string): boolean {
    return this.#source.startsWith(text, this.at)
  }

  /** Go over blanks and comments. */
  skipBlanks(): void {
    for (;;) {
      if (/\s/.test(this.#source.charAt(this.at))) this.at += 1
      else if (this.sees('//')) this.#skipLine()
      else if (this.sees('/*')) this.#skipPast('*/', 2)
      else return
    }
  }

  /** Go over a name or a number and give it; `''` where none stands here. */
  word(): string {
    const start = this.at
    while (/[\p{ID_Continue}$#]/u.test(this.#codePoint())) this.at += this.#codePoint().length
    return this.#source.slice(start, this.at)
  }

  /**
   * Go to the closing bracket of a list that was just opened, past it, and give its items; `undefined` where it never
   * closes.
   */
  items(close: string): ListItem[] | undefined {
    const items: ListItem[] = []
    let item: ListItem | undefined
    for (let before = ','; !this.done; ) {
      this.skipBlanks()
      if (this.sees(close)) {
        this.at += 1
        return item === undefined ? items : [...items, item]
      }
      if (this.sees(',')) {
        if (item !== undefined) items.push(item)
        item = undefined
        this.at += 1
        before = ','
        continue
      }
      item ??= { rest: this.sees('...'), hasDefault: false }
      // the first one is the default's; those within it change nothing
      if (this.sees('=')) item.hasDefault = true
      before = this.skipToken(before)
    }
    return undefined
  }

  /**
   * Go over one token, a bracket with all that is in it. `before` is the token before, which tells what a slash means;
   * gives this one.
   */
  skipToken(before: string): string {
    const char = this.#source.charAt(this.at)
    const close = CLOSING[char]
    if (close !== undefined) {
      this.at += 1
      this.#skipTo(close, char)
      return close
    }
    if (char === "'" || char === '"') this.#skipQuoted(char)
    else if (char === '`') this.#skipTemplate()
    else if (char === '/' && beginsValue(before)) this.#skipPattern()
    else {
      const word = this.word()
      if (word !== '') return word
      this.at += this.sees('=>') ? 2 : 1
      return char
    }
    return 'value'
  }

  #skipTo(close: string, open: string): void {
    for (let before = open; !this.done; ) {
      this.skipBlanks()
      if (this.sees(close)) {
        this.at += 1
        return
      }
      before = this.skipToken(before)
    }
  }

  #skipQuoted(quote: string): void {
    for (this.at += 1; !this.done && !this.sees(quote); ) this.at += this.sees('\\') ? 2 : 1
    this.at += 1
  }

  #skipTemplate(): void {
    for (this.at += 1; !this.done && !this.sees('`'); ) {
      if (this.sees('${')) {
        this.at += 2
        this.#skipTo('}', '{')
      } else this.at += this.sees('\\') ? 2 : 1
    }
    this.at += 1
  }

  #skipPattern(): void {
    let inSet = false
    for (this.at += 1; !this.done && (inSet || !this.sees('/')); ) {
      if (this.sees('[')) inSet = true
      else if (this.sees(']')) inSet = false
      this.at += this.sees('\\') ? 2 : 1
    }
    this.at += 1
    this.word()
  }

  #skipLine(): void {
    while (!this.done && !/[\n\r\u2028\u2029]/.test(this.#source.charAt(this.at))) this.at += 1
  }

  #skipPast(text: string, from: number): void {
    const found = this.#source.indexOf(text, this.at + from)
    this.at = found < 0 ? this.#source.length : found + text.length
  }

  #codePoint(): string {
    const point = this.#source.codePointAt(this.at)
    return point === undefined ? '' : String.fromCodePoint(point)
  }
}

/** What an item of a list of parameters says about itself. */
export interface ListItem {
  /** Whether it begins with three dots. */
  readonly rest: boolean
  hasDefault: boolean
}

/** Whether after this token a slash begins a regular expression. */
function beginsValue(before: string): boolean {
  if (before === ')' || before === ']' || before === 'value') return false
  return !/[\p{ID_Continue}$]/u.test(before) || BEFORE_VALUE.has(before)
}
