import { ApiProperty } from '@nestjs/swagger';
import { PublicKeyDto, SignedKeyDto } from './keys.dto';

export class DeviceKeysView {
  @ApiProperty({ example: '1' })
  device_id: string;

  @ApiProperty({ type: Number, nullable: true, description: '1 to 127; null for a device without keys' })
  signal_device_id: number | null;

  @ApiProperty({ type: Number, nullable: true })
  registration_id: number | null;

  @ApiProperty({ type: String, format: 'byte', nullable: true })
  identity_key: string | null;

  @ApiProperty({ type: Number, nullable: true })
  signed_prekey_id: number | null;

  @ApiProperty({ type: Number, nullable: true })
  last_resort_kyber_prekey_id: number | null;

  @ApiProperty({ description: 'how many are left' })
  one_time_prekeys: number;

  @ApiProperty({ description: 'how many are left' })
  one_time_kyber_prekeys: number;
}

export class BundleView {
  @ApiProperty({ example: '1' })
  device_id: string;

  @ApiProperty({ minimum: 1, maximum: 127, description: "Signal's number of the device" })
  signal_device_id: number;

  @ApiProperty()
  registration_id: number;

  @ApiProperty({ format: 'byte' })
  identity_key: string;

  @ApiProperty({ type: SignedKeyDto })
  signed_prekey: SignedKeyDto;

  @ApiProperty({ type: PublicKeyDto, nullable: true, description: 'null when none is left' })
  one_time_prekey: PublicKeyDto | null;

  @ApiProperty({ type: SignedKeyDto, description: 'the last-resort key when no other is left' })
  kyber_prekey: SignedKeyDto;
}

export class BundlesView {
  @ApiProperty({ type: [BundleView] })
  data: BundleView[];
}
