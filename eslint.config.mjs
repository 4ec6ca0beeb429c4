import tseslint from 'typescript-eslint';

/** The restricted globals of the pure rooms: time, chance and the environment come in as arguments. */
const edgeOnly = [
  { object: 'Date', property: 'now', message: 'take a Clock (base/clock.ts)' },
  { object: 'Math', property: 'random', message: 'take a RandomSource (base/random.ts)' },
  { object: 'process', property: 'env', message: 'only base/ and bin/ read the environment' },
];

export default tseslint.config(
  { ignores: ['build/**', 'node_modules/**', '**/gen/**', '**/target/**', 'multilang/**', 'storm-local/**'] },
  {
    files: ['src/**/*.ts', 'scripts/**/*.ts', 'compat-tests/**/*.ts', 'bench/**/*.ts'],
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
