export { GroupsModule } from './groups.module';
export { members, type Member } from './persistence/member.schema';
export { isModerator, type Role } from './roles';
