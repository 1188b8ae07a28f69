// Bundles each widget into the Python package. Nothing that comes out of here is committed.
import { build } from "esbuild";

const widgets = ["run_dashboard", "entity_report_view"];

await build({
  entryPoints: widgets.flatMap((name) => [`src/${name}.ts`, `src/${name}.css`]),
  outdir: "ft_widgets/static",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
});
