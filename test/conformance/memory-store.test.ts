import { memoryStore } from 'umbel'
import { storeSuite } from './store-suite.ts'

storeSuite('memory', memoryStore)
