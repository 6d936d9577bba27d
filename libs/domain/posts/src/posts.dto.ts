import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import {
  ApiMetadata,
  IsDisplayedTextOrBlank,
  IsMetadata,
  IsTextList,
  MayBeAbsent,
  MayBeNull,
} from '#caas/platform/http';
import { POST_KINDS, VISIBILITIES, type PostKind, type Visibility } from './post-kinds';
import { MAX_FILES } from './posts.service';

const MAX_TEXT_CODE_POINTS = 5_000;

/** Body of `PATCH /v1/posts/:id`. */
export class ChangePostDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: MAX_TEXT_CODE_POINTS })
  @MayBeNull()
  @IsDisplayedTextOrBlank({ max: MAX_TEXT_CODE_POINTS })
  text?: string | null;

  @ApiPropertyOptional({ enum: VISIBILITIES })
  @MayBeAbsent()
  @IsIn(VISIBILITIES)
  visibility?: Visibility;

  @ApiMetadata()
  @MayBeNull()
  @IsMetadata()
  metadata?: Record<string, unknown> | null;
}

/** Body of `POST /v1/posts`. */
export class NewPostDto {
  @ApiProperty({ enum: POST_KINDS, description: 'a reel is exactly one video, a story is gone after a day' })
  @IsIn(POST_KINDS)
  kind: PostKind;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: MAX_TEXT_CODE_POINTS })
  @MayBeNull()
  @IsDisplayedTextOrBlank({ max: MAX_TEXT_CODE_POINTS })
  text?: string | null;

  @ApiPropertyOptional({ type: [String], maxItems: MAX_FILES, description: 'files of yours, each once' })
  @MayBeAbsent()
  @IsTextList({
    max: MAX_FILES,
    maxLength: 24,
    pattern: /^[0-9a-f]{24}$/,
    called: 'ids of 24 hexadecimal digits',
    unique: true,
  })
  file_ids?: string[];

  @ApiProperty({ enum: VISIBILITIES })
  @IsIn(VISIBILITIES)
  visibility: Visibility;

  @ApiMetadata()
  @MayBeNull()
  @IsMetadata()
  metadata?: Record<string, unknown> | null;
}
