import redos from 'eslint-plugin-redos';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

/** The restricted globals of the pure rooms: time, chance and the environment come in as arguments. */
const edgeOnly = [
  { object: 'Date', property: 'now', message: 'take a Clock (base/clock.ts)' },
  { object: 'Math', property: 'random', message: 'take a RandomSource (base/random.ts)' },
  { object: 'process', property: 'env', message: 'only base/ and bin/ read the environment' },
];

const ours = ['src/**/*.ts', 'scripts/**/*.ts', 'compat-tests/**/*.ts', 'bench/**/*.ts'];

export default tseslint.config(
  {
    ignores: ['build/**', 'node_modules/**', '**/gen/**', '**/target/**', 'storm-local/**'].concat(
      ['conformance', 'cpp', 'java', 'python', 'schema'].map((room) => `multilang/${room}/**`),
    ),
  },
  {
    // An expression whose time grows faster than the text it reads lets one long text of a client stop its
    // reader.
    files: ['**/*.{js,mjs,cjs}', ...ours],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false }],
    },
  },
  {
    // Slower, and finds what those two miss: loops of several parts that a search begins again at every
    // character.
    files: ['src/**/*.ts', 'multilang/javascript/**/*.{js,mjs,cjs}'],
    ignores: ['src/testing/**', '**/*.test.ts'],
    plugins: { redos },
    rules: { 'redos/no-vulnerable': ['error', { ignoreErrors: false, timeout: 60_000 }] },
  },
  {
    files: ours,
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/base/**', 'src/bin/**', 'src/testing/**', 'src/**/*.test.ts'],
    rules: { 'no-restricted-properties': ['error', ...edgeOnly] },
  },
  {
    files: ['**/*.test.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [] }],
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
);
