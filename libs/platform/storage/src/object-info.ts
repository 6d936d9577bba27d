export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  /** Changes whenever the content does; without quotes. */
  etag: string;
  modifiedAt: Date;
}
