import { z } from 'zod';

/** Shapes that several contracts share, as they look on the wire. */
export const objectId = z.string().regex(/^[0-9a-f]{24}$/);
export const timestamp = z.iso.datetime();

export const userReference = z.object({
  user_id: objectId,
  user_external_id: z.string(),
  user_display_name: z.string(),
});

/** More fields may be added to what clients get; these stay. */
export const open = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape);
