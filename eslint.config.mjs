import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'tools/checks/boundaries-fixture/', '.data/', '*.js', '**/*.cjs', '*.mjs'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { attributes: false, arguments: false } },
      ],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/consistent-type-imports': 'off',
      'max-lines': ['warn', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['libs/platform/config/**', 'libs/testing/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only libs/platform/config reads the environment.' },
      ],
    },
  },
  {
    // The doors round the tenant: nobody but tenancy opens them.
    files: ['libs/**/*.ts', 'apps/**/*.ts'],
    ignores: ['libs/tenancy/**', 'libs/testing/**', 'libs/documentdb-gateway/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name=/^(collection|estimatedDocumentCount|useDb|getClient|createConnection)$/]',
          message: 'Tenant data are reached through ctx.repository only.',
        },
        {
          selector: 'CallExpression[callee.property.name="watch"][arguments.length=0]',
          message: 'A change stream has no tenant.',
        },
        {
          selector: "Property[key.name='scope'][value.property.name='REQUEST']",
          message: 'No request-scoped providers: use ctx.',
        },
      ],
    },
  },
  {
    // A suite is read test by test; its length does not matter.
    files: ['**/*.spec.ts', 'test/isolation/**/*.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['tools/**/*.ts', 'test/**/*.ts', 'apps/cli/**/*.ts', 'apps/documentdb-gateway/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
