import { choice, configSection, flag, optional, secret, text, url } from '#caas/platform/config';

export const storageConfig = configSection(
  'storage',
  {
    STORAGE_DRIVER: choice(['fs', 's3'], {
      default: 'fs',
      doc: 'where files and the archive lie: a folder of DATA_DIR, or a bucket of S3',
    }),
    S3_BUCKET: optional(text({ doc: 'the bucket; it must exist' })),
    S3_REGION: text({ default: 'us-east-1', doc: 'region of the bucket' }),
    S3_ENDPOINT: optional(url(['http', 'https'], { doc: 'an S3 server other than Amazon’s' })),
    S3_ACCESS_KEY_ID: optional(text({ doc: 'without it, the credentials of the machine are used' })),
    S3_SECRET_ACCESS_KEY: optional(secret({ doc: 'belongs to S3_ACCESS_KEY_ID' })),
    S3_FORCE_PATH_STYLE: flag({
      default: false,
      doc: 'bucket in the path; most S3 servers other than Amazon’s need it',
    }),
  },
  (values) => {
    if (values.STORAGE_DRIVER === 'fs') return [];
    const problems: string[] = [];
    if (values.S3_BUCKET === null) problems.push('S3_BUCKET is not set, though STORAGE_DRIVER is s3');
    if ((values.S3_ACCESS_KEY_ID === null) !== (values.S3_SECRET_ACCESS_KEY === null)) {
      problems.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY must be set together, or neither of them');
    }
    return problems;
  },
);
