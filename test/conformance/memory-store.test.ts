import { memoryStore } from 'umbel'
import { keySuite } from './key-suite.ts'
import { storeSuite } from './store-suite.ts'

storeSuite('memory', memoryStore)
keySuite('memory', memoryStore)
