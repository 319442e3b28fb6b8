// Browsers start no worker for a page that was opened from a folder (file://). Search is one: there, run it in a
// hidden frame instead, which takes and sends the same messages. With a server nothing is changed.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      this.ready = new Promise(resolve => {
        document.body.append(this.frame)
        const inner = this.frame.contentWindow
        inner.postMessage = data => this.tell(data)
        const script = this.frame.contentDocument.createElement("script")
        script.src = url
        script.onload = () => resolve(inner)
        this.frame.contentDocument.body.append(script)
      })
    }
    tell(data) {
      const event = new MessageEvent("message", { data })
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }
    postMessage(data) {
      this.ready.then(inner => inner.dispatchEvent(new MessageEvent("message", { data })))
    }
    terminate() {
      this.frame.remove()
    }
  }
}
