import { z } from 'zod';

/** Shapes shared by several contracts, as they are sent. */
export const objectId = z.string().regex(/^[0-9a-f]{24}$/);
export const timestamp = z.iso.datetime();

export const userReference = z.object({
  user_id: objectId,
  user_external_id: z.string(),
  user_display_name: z.string(),
});

/** An object that clients receive: more fields may be added to it, but these stay. */
export const open = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape);
