// The same ask as a program would write it.

const text = (value) => JSON.stringify(value);

export function writeSnippet(kind, { origin, instruction, perspective, faces, boxes }) {
  const settings = { ...(perspective !== "viewer" && { perspective }), ...(faces && { faces }), ...(boxes && { boxes }) };
  const pythonSettings = Object.entries(settings).map(([name, value]) => `, ${name}=${text(value)}`).join("");
  if (kind === "python") return `import faceql\n\nengine = faceql.Engine()\nanswer = engine.ask("photo.jpg", ${text(instruction)}${pythonSettings})\nprint(answer.xy)`;
  if (kind === "client") return `import faceql\n\nclient = faceql.Client(${text(origin)})\nanswer = client.ask("photo.jpg", ${text(instruction)}${pythonSettings})`;
  if (kind === "curl") {
    // Of a form's fields -F would take a semicolon for the end of the text.
    const fields = [["instruction", instruction], ...Object.entries(settings).filter(([name]) => name !== "boxes"), ...(boxes || []).map((box) => ["box", box.join(",")])];
    const quoted = fields.map(([name, value]) => `  --form-string ${quote(`${name}=${value}`)}`).join(" \\\n");
    return `curl -F image=@photo.jpg \\\n${quoted} \\\n  ${origin}/v1/ask`;
  }
  if (kind === "javascript") return `import { Faceql } from ${text(`${origin}/client.js`)};\n\nconst faceql = new Faceql(${text(origin)});\nconst { answers } = await faceql.askLandmarks(file, ${text({ instruction, ...settings })});`;
  return JSON.stringify({ name: "ask_landmarks", arguments: { image: "photo.jpg", instruction, ...settings, draw: true } }, null, 2);
}

function quote(value) {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
