# syntax=docker/dockerfile:1
# One image for every role; the command chooses: api (default), worker, cli.

FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app
ENV npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

# What the build needs. The image brings its own Node, so the npm package `node` need not fetch one.
FROM base AS build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY .swcrc tsconfig.json ./
COPY apps apps
COPY libs libs
RUN npx swc apps libs --out-dir dist --quiet

# What runs: without compilers, linters and test tools.
FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM base AS runtime
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
# For videos and audios, and for page 1 of PDFs.
RUN apt-get update && apt-get install -y --no-install-recommends ffmpeg poppler-utils && rm -rf /var/lib/apt/lists/*
COPY package.json ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# Uid 1000 of the base image. The code belongs to root: the process cannot change it.
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
CMD ["node", "dist/apps/api/src/main.js"]
