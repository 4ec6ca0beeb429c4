import { generateConfigurationPage } from './gen-configuration.ts';
import { generateLua } from './gen-lua.ts';
import { generateMultilangTypes } from './gen-multilang.ts';
import { generateThrift } from './gen-thrift.ts';

/**
 * `npm run gen`: makes every generated file of the repository. check-generated.mjs says whether they are as
 * committed.
 */
await generateLua();
await generateThrift();
await generateMultilangTypes();
await generateConfigurationPage();
