# Darkroom in a container: compiled with everything that takes, run with nothing but Node and the program, not as root.
# The root file system may be read-only: /data holds database and pictures, /app/models/* what the owner adds.
# To hold the base to the bytes you have looked at: --build-arg NODE_IMAGE=node:20.20.2-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY commands commands
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/typescript node_modules/@typescript

FROM ${NODE_IMAGE}
# ENV_FILE is empty: settings come from the environment alone. DISCORD_TOKEN_FILE names a secret that was mounted.
ENV NODE_ENV=production ENV_FILE= DATA_DIR=/data METRICS_PORT=9464
WORKDIR /app
COPY package.json LICENSE THIRD-PARTY.md ./
COPY migrations migrations
COPY models models
# The program reads its page, its schema and its vocabulary from here.
COPY src src
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/.build .build
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.METRICS_PORT + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process, so that SIGTERM reaches it: running pictures get 10 s, their messages 8 s more.
STOPSIGNAL SIGTERM
# A bot that mostly waits stays small: a small young generation, an old one that grows by halves, and no optimising compiler for the one
# large function of an HTTP parser.
CMD ["node", "--max-semi-space-size=4", "--no-parallel-scavenge", "--v8-pool-size=2", "--max-old-space-size=1024", "--liftoff-only", ".build/src/main.js"]
