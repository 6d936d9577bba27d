import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { ApiId, IsOpaqueText, MayBeAbsent } from '#caas/platform/http';

const LONGEST_LINK_SECONDS = 7 * 24 * 60 * 60;
const LONGEST_VARIANT = 100;

export class LinkDto {
  @IsInt()
  @Min(1)
  @Max(LONGEST_LINK_SECONDS)
  @ApiProperty({ type: 'integer', minimum: 1, maximum: LONGEST_LINK_SECONDS, description: 'seconds' })
  expires_in: number;

  @MayBeAbsent()
  @IsOpaqueText({ max: LONGEST_VARIANT })
  @ApiPropertyOptional({
    default: 'original',
    description: 'one in a folder, such as `hls/index.m3u8`, opens the folder',
  })
  variant?: string;
}

export class LinkView {
  @ApiProperty()
  url: string;

  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

/** The same shape as `file.updated`; declared here for the documentation. */
export class FileView {
  @ApiId('of the file')
  id: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ enum: ['uploading', 'uploaded', 'processing', 'ready', 'rejected', 'failed'] })
  status: string;

  @ApiProperty({ type: 'integer' })
  size_bytes: number;

  @ApiProperty({ enum: ['image', 'video', 'audio', 'document', 'other'], nullable: true })
  kind: string | null;

  @ApiProperty({ type: String, nullable: true })
  content_type: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'of a PDF' })
  page_count: number | null;

  @ApiProperty({ type: 'array', items: { type: 'object' } })
  variants: object[];
}
